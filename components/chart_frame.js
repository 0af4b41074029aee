// Around a chart: Plotly writes Latin digits whatever it is told, so they are rewritten before anybody sees them.
export default {
  template: `<div dir="ltr" role="img" :aria-label="label"><slot></slot></div>`,
  props: { label: String, digits: String }, // the reader's ten digits; none where Latin ones are right
  mounted() {
    if (!this.digits) return;
    this.observer = new MutationObserver(this.rewrite); // it is told before the browser paints
    this.observer.observe(this.$el, { childList: true, characterData: true, subtree: true });
    this.rewrite();
  },
  unmounted() {
    this.observer?.disconnect();
  },
  methods: {
    rewrite() {
      for (const text of this.$el.querySelectorAll("text")) {
        const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
        while (nodes.nextNode()) {
          const written = nodes.currentNode.data;
          const told = written.replace(/[0-9]/g, (digit) => this.digits[digit]);
          if (told !== written) nodes.currentNode.data = told;
        }
      }
    },
  },
};
