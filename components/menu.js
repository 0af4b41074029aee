// A button that opens a few links, and closes as menus do: by Escape, which gives the focus back, or when one turns elsewhere.
export default {
  template: `
    <details class="menu" @keydown.esc="close" @focusout="leave($event.relatedTarget)">
      <summary class="button"><span>{{ label }}</span></summary>
      <div class="menu-items"><slot></slot></div>
    </details>`,
  props: { label: String },
  mounted() {
    document.addEventListener("pointerdown", this.look);
  },
  unmounted() {
    document.removeEventListener("pointerdown", this.look);
  },
  methods: {
    close() {
      if (!this.$el.open) return;
      this.$el.open = false;
      this.$el.querySelector("summary").focus();
    },
    look(event) {
      this.leave(event.target);
    },
    // Nothing has the focus while a link is pressed in some browsers: that is no turning elsewhere.
    leave(element) {
      if (element && !this.$el.contains(element)) this.$el.open = false;
    },
  },
};
