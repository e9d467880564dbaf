// <fd-delay>: the median time from a picture being captured to its weights being drawn in this page.

import { feed } from "./feed.js";

class Delay extends HTMLElement {
  connectedCallback() {
    this.show();
    this.timer = setInterval(() => this.show(), 1000);
  }

  disconnectedCallback() { clearInterval(this.timer); }

  show() {
    const { delay } = feed;
    this.textContent = Number.isNaN(delay) ? "–" : `${delay.toFixed(1)} ms`;
  }
}

customElements.get("fd-delay") || customElements.define("fd-delay", Delay);
