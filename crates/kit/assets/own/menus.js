// Menus and panels made of <details>: one open at a time, Escape and a click elsewhere close them.

export function startMenus(all, forAllContent) {
  const dismissible = 'details.menu, details[data-dismiss]';

  document.addEventListener('click', (event) => {
    for (const open of document.querySelectorAll('details.menu[open], details[data-dismiss][open]')) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const open = document.querySelector('details.menu[open], details[data-dismiss][open]');
    if (open) {
      open.open = false;
      open.querySelector('summary')?.focus();
      event.stopImmediatePropagation();
    }
  });

  forAllContent((root) => {
    for (const details of all(root, dismissible)) {
      details.addEventListener('toggle', () => {
        if (details.open) details.querySelector('input:not([type=hidden]), textarea, select')?.focus();
      });
    }
    for (const button of all(root, '[data-dismiss-close]')) {
      button.hidden = false;
      button.addEventListener('click', () => {
        const details = button.closest('details');
        details.open = false;
        details.querySelector('summary')?.focus();
      });
    }
    for (const button of all(root, '[data-keys]')) {
      button.hidden = false;
      button.addEventListener('click', () => document.getElementById('keys')?.showModal());
    }
    for (const button of all(root, '[data-menu]')) {
      button.hidden = false;
      button.addEventListener('click', () => {
        const open = document.getElementById('navigation').classList.toggle('side-open');
        button.setAttribute('aria-expanded', String(open));
      });
    }
  });
}
