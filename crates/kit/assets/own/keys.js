// Keys of the whole page: Ctrl-K finds, ? shows the keys, Escape closes the drawer; j, k, Enter, x, a, e in lists.

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
    && !/^(checkbox|radio|button|submit)$/.test(target.type);
}

function rows() {
  return [...document.querySelectorAll('table[data-keyed] tr[data-row]')];
}

function current() {
  return document.querySelector('table[data-keyed] tr[aria-current]');
}

/** The link that opens a row: the marked one, else its first. */
function opener(row) {
  return row?.querySelector('[data-open]') ?? row?.querySelector('a');
}

function moveTo(row) {
  if (!row) return;
  current()?.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
  opener(row)?.focus({ preventScroll: true });
  row.scrollIntoView({ block: 'nearest' });
}

function step(by) {
  const list = rows();
  const at = list.indexOf(current());
  moveTo(list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)]);
}

/** Presses the act for all chosen rows, else in the open drawer, else in the current row. */
function act(name) {
  const place = document.querySelector('#drawer.drawer-open') ?? current() ?? document;
  const chosen = document.querySelector('tr.row-chosen') ? document.querySelector(`[data-bulk="${name}"]`) : null;
  const button = chosen ?? place.querySelector(`[data-act="${name}"]`) ?? document.querySelector(`.head-acts [data-act="${name}"]`);
  if (!button) return false;
  button.click();
  return true;
}

const acts = {
  j: () => step(1),
  k: () => step(-1),
  Enter: () => opener(current())?.click(),
  x: () => current()?.querySelector('input[type=checkbox]')?.click(),
  a: () => act('acknowledge'),
  e: () => act('escalate'),
  '?': () => document.getElementById('keys')?.showModal(),
  Escape: () => document.querySelector('[data-drawer-close]')?.click(),
};

export function startKeys() {
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      const search = document.getElementById('top-search');
      search?.focus();
      search?.select();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const keyed = document.querySelector('table[data-keyed]');
    const needsList = 'jkxae'.includes(event.key) || event.key === 'Enter';
    if (needsList && !keyed && !'ae'.includes(event.key)) return;
    // Enter on a focused link or button does what the browser does.
    if (event.key === 'Enter' && event.target.closest('a, button, summary')) return;
    const perform = acts[event.key];
    if (!perform) return;
    if (perform() !== false && event.key !== 'Escape') event.preventDefault();
  });
}
