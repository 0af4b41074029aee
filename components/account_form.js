export default {
  template: `
    <form class="form" novalidate :aria-busy="busy" @submit.prevent="submit">
      <p v-if="alert" class="notice" data-tone="bad" role="alert">{{ alert }}</p>
      <div v-for="field in fields" :key="field.name" class="field">
        <label :for="'account-' + field.name">{{ field.label }}</label>
        <input
          :id="'account-' + field.name" :name="field.name" :type="field.type" :autocomplete="field.autocomplete"
          :dir="field.type === 'text' ? 'auto' : 'ltr'" required :aria-invalid="field.name in errors ? 'true' : 'false'"
          :aria-describedby="'account-' + field.name + '-notes'" v-model="values[field.name]" />
        <div :id="'account-' + field.name + '-notes'">
          <p v-if="field.name in errors" class="error" role="alert">{{ errors[field.name] }}</p>
          <p v-else-if="field.hint" class="hint">{{ field.hint }}</p>
        </div>
      </div>
      <button class="button primary" type="submit" :disabled="busy" :aria-busy="busy">{{ submitLabel }}</button>
    </form>`,
  props: { fields: Array, action: String, destination: String, submitLabel: String, errors: Object, alert: String },
  emits: ["refused"],
  data() {
    return { values: Object.fromEntries(this.fields.map((field) => [field.name, ""])), busy: false };
  },
  watch: {
    errors() {
      const first = this.fields.find((field) => field.name in this.errors);
      if (first) this.$nextTick(() => document.getElementById("account-" + first.name)?.focus());
    },
  },
  methods: {
    async submit() {
      if (this.busy) return;
      this.busy = true;
      try {
        const response = await fetch(this.action, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(this.values),
        });
        const answer = await response.json();
        if (response.ok) {
          window.location.assign(this.destination);
          return; // stays busy until the next page is there
        }
        this.$emit("refused", { code: answer.code, details: answer.details });
      } catch {
        this.$emit("refused", { code: "unreachable", details: [] });
      }
      this.busy = false;
    },
  },
};
