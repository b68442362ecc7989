// Rows of keyed tables: a click anywhere on a row opens it, chosen rows are marked, the open one stays visible.

/** Marks the frames whose table fits, so that its head may stick to the page. */
function measure(frame) {
  frame.classList.remove('fits');
  if (frame.scrollWidth <= frame.clientWidth) frame.classList.add('fits');
}

const measuring = new ResizeObserver((entries) => {
  for (const { target } of entries) requestAnimationFrame(() => measure(target));
});

export function watchFrames(frames) {
  for (const frame of frames) measuring.observe(frame);
}

// Letters of a cell that take more than two lines beside the name of their column on a phone.
const LONG = 60;

/** On a phone a row stands as lines; each then says its column. */
export function nameCells(tables) {
  for (const table of tables) {
    const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.querySelector('.unseen, input') ? '' : cell.textContent.trim()));
    for (const row of table.querySelectorAll('tbody tr')) {
      if (row.cells.length !== names.length) continue;
      names.forEach((name, at) => {
        const cell = row.cells[at];
        cell.dataset.name = name;
        cell.toggleAttribute('data-long', !cell.querySelector('details') && cell.textContent.trim().length > LONG);
      });
    }
  }
}

export function startRows() {
  document.addEventListener('click', (event) => {
    const row = event.target.closest('table[data-keyed] tr[data-row]');
    if (!row) return;
    for (const other of document.querySelectorAll('table[data-keyed] tr[aria-current]')) other.removeAttribute('aria-current');
    row.setAttribute('aria-current', 'true');
    const selecting = !getSelection().isCollapsed;
    if (event.target.closest('a, button, input, label, summary, form') || selecting) return;
    row.querySelector('[data-open]')?.click();
  });

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-select-all]')) {
      for (const box of event.target.closest('table').querySelectorAll('tr[data-row] input[type=checkbox]')) {
        box.checked = event.target.checked;
        box.closest('tr').classList.toggle('row-chosen', box.checked);
      }
    }
    if (event.target.matches('table[data-keyed] tr[data-row] input[type=checkbox]')) {
      event.target.closest('tr').classList.toggle('row-chosen', event.target.checked);
    }
  });
}
