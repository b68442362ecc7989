// Quick search: what the server found for the text so far. Arrows choose, Enter opens, Escape closes; without an answer
// to the very text in the box, Enter asks for the whole page.

export function startFind() {
  const box = document.getElementById('top-search');
  const list = document.getElementById('top-found');
  if (!box || !list) return;
  // Where the focus was before the box took it; Escape leads back there.
  let from = null;
  const options = () => [...list.querySelectorAll('[role=option]')];
  const chosen = () => list.querySelector('[aria-selected=true]');

  function choose(option) {
    chosen()?.setAttribute('aria-selected', 'false');
    if (!option) {
      box.removeAttribute('aria-activedescendant');
      return;
    }
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    box.setAttribute('aria-activedescendant', option.id);
  }

  function show(open) {
    list.hidden = !open;
    box.setAttribute('aria-expanded', String(open));
    if (!open) choose(null);
  }

  /** The list answers the text that stands in the box. */
  const answers = () => list.firstElementChild?.dataset.words === box.value.trim();

  list.addEventListener('htmx:afterSettle', () => {
    const open = document.activeElement === box && options().length > 0 && answers();
    show(open);
    if (open) choose(options()[0]);
  });
  box.addEventListener('focus', (event) => {
    if (event.relatedTarget !== box) from = event.relatedTarget;
    if (options().length > 0 && answers()) show(true);
  });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const all = options();
      if (all.length === 0) return;
      event.preventDefault();
      show(true);
      const at = all.indexOf(chosen()) + (event.key === 'ArrowDown' ? 1 : -1);
      choose(all[(at + all.length) % all.length]);
    } else if (event.key === 'Enter' && !list.hidden && answers() && chosen()) {
      event.preventDefault();
      chosen().click();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      show(false);
      if (from?.isConnected && from.getClientRects().length > 0) from.focus({ preventScroll: true });
      else box.blur();
    }
  });
  document.addEventListener('click', (event) => {
    if (!event.target.closest('.top-search')) show(false);
  });
  box.form.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !box.form.contains(event.relatedTarget)) show(false);
  });
}
