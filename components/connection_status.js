// Watches window.socket, which NiceGUI creates when the page is mounted.
export default {
  template: `<span class="connection" role="status" aria-live="polite" :data-state="state">{{ words[state] }}</span>`,
  props: { words: Object },
  data: () => ({ state: "connecting", timer: null }),
  mounted() {
    this.timer = setInterval(this.look, 500);
    window.addEventListener("offline", this.look);
    window.addEventListener("online", this.look);
    this.look();
  },
  unmounted() {
    clearInterval(this.timer);
    window.removeEventListener("offline", this.look);
    window.removeEventListener("online", this.look);
  },
  methods: {
    look() {
      const socket = window.socket;
      if (!socket) return;
      if (this.watched !== socket) {
        this.watched = socket;
        socket.on("connect", this.look);
        socket.on("disconnect", this.look);
        socket.io.on("reconnect_attempt", this.look);
      }
      this.state = this.currentState(socket);
    },
    currentState(socket) {
      if (socket.connected && navigator.onLine !== false) {
        return socket.io.engine.transport.name === "websocket" ? "live" : "polling";
      }
      const isFirstAttempt = !window.did_handshake && this.state === "connecting" && performance.now() < 5000;
      return isFirstAttempt ? "connecting" : "reconnecting";
    },
  },
};
