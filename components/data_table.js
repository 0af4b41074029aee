export default {
  template: `
    <div class="table-wrap" role="region" tabindex="0" :aria-label="caption">
      <table class="data-table" :class="{ stack: stacked, dense: dense }">
        <caption class="sr-only">{{ caption }}</caption>
        <thead>
          <tr>
            <th v-for="(column, i) in columns" :key="i" scope="col" :title="dense ? column.label : null" :dir="column.heading_direction"
              :class="[{ numeric: column.is_numeric }, side(column)]"><bdi>{{ column.label }}</bdi><template v-if="column.note"> · <bdi>{{ column.note }}</bdi></template></th>
          </tr>
        </thead>
        <tbody>
          <tr v-for="row in rows" :key="row.key" :class="{ linked: row.href }">
            <td v-for="(cell, i) in row.cells" :key="i" :dir="columns[i].direction" :class="{ numeric: columns[i].is_numeric, absent: cell.is_absent }"
              :data-label="columns[i].label" :title="dense ? cell.text : null">
              <div class="value">
              <a v-if="row.href && i === 0" class="row-link" :href="row.href"><bdi>{{ cell.text }}</bdi></a>
              <span v-else-if="cell.tone" class="chip" :data-tone="cell.tone">{{ cell.text }}</span>
              <bdi v-else>{{ cell.text }}</bdi>
              <div v-if="cell.detail" class="soft small">{{ cell.detail }}</div>
              <progress v-if="cell.progress !== null" :value="cell.progress" max="1" :aria-label="columns[i].label"></progress>
              </div>
            </td>
            <td v-if="row.actions.length" data-label="">
              <div class="row-actions">
                <template v-for="action in row.actions" :key="action.name">
                  <a v-if="action.href" class="plain-button" :href="action.href" :aria-label="action.description">{{ action.label }}</a>
                  <button v-else type="button" class="plain-button" :class="{ danger: action.is_dangerous }" :aria-label="action.description"
                    @click="$emit('action', { action: action.name, key: row.key })">{{ action.label }}</button>
                </template>
              </div>
            </td>
          </tr>
        </tbody>
      </table>
    </div>`,
  props: { columns: Array, rows: Array, caption: String, stacked: Boolean, dense: Boolean },
  emits: ["action"],
  methods: {
    side: ({ direction, is_numeric }) => direction && ((direction === "ltr") === is_numeric ? "from-right" : "from-left"),
  },
};
