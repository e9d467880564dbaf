// facedrive's frames from its WebSocket, for as long as the page is open.

const RETRY_MS = 1000;

// Calls onFrame with each message and onState with "connected" or "waiting"; comes back by itself.
export function connect(url, onFrame, onState) {
  const socket = new WebSocket(url);
  socket.onopen = () => onState("connected");
  socket.onmessage = (event) => onFrame(JSON.parse(event.data));
  socket.onclose = () => {
    onState("waiting");
    setTimeout(connect, RETRY_MS, url, onFrame, onState);
  };
}
