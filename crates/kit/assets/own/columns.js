// Lets a person hide columns of a list; the browser remembers per list. The first column always stays.
import { text } from './settings.js';

const key = (table) => `luytre-columns ${table.dataset.columns}`;

function remembered(table) {
  try {
    return new Set(JSON.parse(localStorage.getItem(key(table)) ?? '[]'));
  } catch {
    return new Set();
  }
}

function remember(table, hidden) {
  try {
    localStorage.setItem(key(table), JSON.stringify([...hidden]));
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** Names of the columns by place; a column without a visible name (check boxes, acts) cannot be hidden. */
function columns(table) {
  return [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.querySelector('.unseen, input') ? '' : cell.textContent.trim()));
}

function apply(table, hidden) {
  const names = columns(table);
  for (const row of table.rows) {
    // Rows that head a group span columns and stay as they are.
    if (row.cells.length !== names.length) continue;
    names.forEach((name, at) => (row.cells[at].hidden = name !== '' && hidden.has(name)));
  }
}

export function offerColumns(tables) {
  for (const table of tables) {
    const names = columns(table).filter((name) => name !== '');
    const hidden = remembered(table);
    apply(table, hidden);
    if (names.length < 4) continue;
    const chooser = document.createElement('details');
    chooser.className = 'menu columns-menu';
    chooser.innerHTML = '<summary></summary><div class="menu-panel"></div>';
    chooser.querySelector('summary').textContent = text('shell-columns');
    for (const name of names.slice(1)) {
      const label = document.createElement('label');
      label.className = 'choice';
      const box = document.createElement('input');
      box.type = 'checkbox';
      box.className = 'form-check-input';
      box.checked = !hidden.has(name);
      box.addEventListener('change', () => {
        if (box.checked) hidden.delete(name);
        else hidden.add(name);
        remember(table, hidden);
        apply(table, hidden);
      });
      label.append(box, name);
      chooser.querySelector('.menu-panel').append(label);
    }
    table.closest('.scroll').before(chooser);
  }
}
