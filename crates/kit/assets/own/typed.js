// Keeps what was typed while a session ends: a form that leads to the sign-in page stands filled in again afterwards,
// to be looked at and sent by the person. It lies in this tab alone and is given back to the same person alone.
// Passwords and files are never kept, and nothing is sent by itself.
import { settings, text } from './settings.js';

const KEPT = 'luytre-typed';
const LONGEST_HOURS = 12;
const LEFT_OUT = ['password', 'file', 'hidden', 'submit', 'button', 'reset', 'image'];

const here = () => location.pathname + location.search;

function read() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    return kept && Date.now() - kept.at < LONGEST_HOURS * 3_600_000 ? kept : null;
  } catch {
    return null;
  }
}

function write(kept) {
  try {
    if (kept) sessionStorage.setItem(KEPT, JSON.stringify(kept));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Without storage the form has to be typed again.
  }
}

/** The form among those of the page: where it is sent, and which one of several sent there. */
function nameOf(form) {
  const action = form.getAttribute('action');
  const alike = [...document.forms].filter((one) => one.getAttribute('action') === action);
  return `${action} ${alike.indexOf(form)}`;
}

function controls(form) {
  return [...form.elements].filter((one) => one.name && one.type && !LEFT_OUT.includes(one.type) && one.tagName !== 'FIELDSET');
}

const ticks = (control) => control.type === 'checkbox' || control.type === 'radio';

function snapshot(form) {
  return controls(form).map((one) => (ticks(one) ? [one.name, one.value, one.checked] : [one.name, one.value]));
}

function fill(form, values) {
  const left = [...values];
  for (const control of controls(form)) {
    const at = left.findIndex(([name, value]) => name === control.name && (!ticks(control) || value === control.value));
    if (at < 0) continue;
    const [[, value, checked]] = left.splice(at, 1);
    if (ticks(control)) control.checked = checked;
    else control.value = value;
  }
  for (let box = form.closest('details'); box; box = box.parentElement.closest('details')) box.open = true;
}

/** Fills the forms of the page again and says so above the first. */
function giveBack(kept) {
  const forms = [...document.forms].filter((form) => kept.forms[nameOf(form)]);
  for (const form of forms) fill(form, kept.forms[nameOf(form)]);
  write({ ...kept, signedOut: false });
  if (forms.length === 0) return;
  const note = document.createElement('div');
  note.className = 'flash flash-note';
  note.tabIndex = -1;
  note.setAttribute('role', 'status');
  note.dataset.typed = '';
  note.append(Object.assign(document.createElement('p'), { textContent: text('shell-typed-kept') }));
  forms[0].before(note);
  note.focus();
}

export function startTyped() {
  const kept = read();
  const signIn = document.querySelector('form[action="/sign-in"]');
  if (signIn) {
    if (!kept) return;
    // The page with the form, not the address it was sent to.
    signIn.elements.to.value = kept.page;
    write({ ...kept, signedOut: true });
    return;
  }
  if (!settings.person) return;
  // A form that came back with errors stands at the address it was sent to.
  const again = kept?.person === settings.person && !kept.signedOut && document.querySelector('.error-summary');
  if (kept && kept.person !== settings.person) write(null);
  else if (kept?.signedOut && kept.page === here()) giveBack(kept);
  else if (kept && !kept.signedOut && !again) write(null);

  const keep = (event) => {
    const form = event.target.form;
    if (form?.method !== 'post' || form.closest('.menu')) return;
    const page = again ? kept.page : here();
    const before = read();
    const forms = before?.page === page ? before.forms : {};
    forms[nameOf(form)] = snapshot(form);
    write({ page, person: settings.person, at: Date.now(), forms, signedOut: false });
  };
  document.addEventListener('input', keep);
  document.addEventListener('change', keep);
  document.addEventListener('submit', (event) => {
    if (event.target.getAttribute('action') === '/sign-out') write(null);
  });
}
