export default {
  template: `
    <div class="table-wrap table-cells" role="region" tabindex="0" :aria-label="words.caption">
      <table class="data-table">
        <caption class="sr-only">{{ words.caption }}</caption>
        <thead>
          <tr>
            <th scope="col" class="row-number">{{ words.row }}</th>
            <th v-for="column in columns" :key="column.name" scope="col" :dir="column.direction" :class="{ numeric: column.is_numeric }"
              :aria-sort="column.order">
              <button type="button" class="sort-button" @click="$emit('sort', column.name)"><bdi :class="{ 'many-words': column.name.length > longest }">{{ column.name }}</bdi></button>
            </th>
          </tr>
        </thead>
        <tbody>
          <tr v-for="row in rows" :key="row.number">
            <th scope="row" class="row-number"><div dir="ltr">{{ row.label }}</div></th>
            <td v-for="(text, i) in row.texts" :key="columns[i].name" :dir="columns[i].direction" :class="{ numeric: columns[i].is_numeric }" :title="row.stored[i]">
              <span v-if="text === null" class="absent">{{ words.missing }}</span>
              <button v-else-if="row.long.includes(i)" type="button" class="long-text" dir="auto" aria-haspopup="dialog"
                @click="$emit('read', { number: row.number, column: columns[i].name })">{{ text }}</button>
              <bdi v-else>{{ text }}</bdi>
              <div v-if="row.written[i] !== undefined" class="written" :class="{ 'many-words': row.written[i].length > longest }">
                <span class="sr-only">{{ words.written }}</span> <bdi>{{ row.written[i] }}</bdi>
              </div>
            </td>
          </tr>
        </tbody>
      </table>
    </div>`,
  props: { columns: Array, rows: Array, words: Object, longest: Number },
  emits: ["sort", "read"],
  watch: {
    rows() {
      this.$el.scrollTop = 0; // another page begins at its top
    },
  },
};
