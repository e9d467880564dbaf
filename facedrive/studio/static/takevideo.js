// <fd-take-video src position playing label>: the camera's picture of a take, kept at its time; not
// there for a take without one.

const LATE = 0.15;

class TakeVideo extends HTMLElement {
  static observedAttributes = ["src", "position", "playing"];

  connectedCallback() {
    if (this.video) return;
    this.video = document.createElement("video");
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.preload = "auto";
    this.video.setAttribute("aria-label", this.getAttribute("label") || "");
    this.video.addEventListener("loadedmetadata", () => this.follow());
    this.append(this.video);
    this.load();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.video || before === after) return;
    if (name === "src") this.load();
    else this.follow();
  }

  load() {
    const source = this.getAttribute("src");
    this.hidden = !source;
    if (source) this.video.src = source;
    else this.video.removeAttribute("src");
  }

  follow() {
    if (this.hidden || !this.video.readyState) return;
    const { video } = this;
    const at = Number(this.getAttribute("position")) || 0;
    const playing = this.getAttribute("playing") === "true";
    if (Math.abs(video.currentTime - at) > (playing ? LATE : 0.01)) video.currentTime = at;
    if (playing && video.paused) video.play().catch(() => {});
    if (!playing && !video.paused) video.pause();
  }
}

customElements.get("fd-take-video") || customElements.define("fd-take-video", TakeVideo);
