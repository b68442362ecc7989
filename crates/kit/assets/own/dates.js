// A calendar beside fields of days and moments: the browser's own, which only chooses. What stands in the field is
// dd/mm/yyyy whatever the language of the browser, and the field takes what is typed with or without this.

const SPOKEN = /^\s*(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s+(\d{1,2})[:h](\d{2}))?/;
const ISO = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/;

const two = (digits) => digits.padStart(2, '0');

/** What stands in the field, as a calendar takes it; empty where it is no day. */
function toCalendar(text, withTime) {
  const spoken = SPOKEN.exec(text);
  const [, year, month, day, hour = '00', minute = '00'] = spoken
    ? [, spoken[3], spoken[2], spoken[1], spoken[4], spoken[5]]
    : (ISO.exec(text) ?? []);
  if (!year) return '';
  const date = `${year}-${two(month)}-${two(day)}`;
  return withTime ? `${date}T${two(hour)}:${minute}` : date;
}

/** What a calendar chose, as the field says it. */
function fromCalendar(chosen) {
  const found = ISO.exec(chosen);
  if (!found) return '';
  const [, year, month, day, hour, minute] = found;
  return hour ? `${day}/${month}/${year} ${hour}:${minute}` : `${day}/${month}/${year}`;
}

/** @param {HTMLButtonElement} button with the id of its field in `data-calendar` */
export function offerCalendar(button) {
  const field = document.getElementById(button.dataset.calendar);
  if (!field || !HTMLInputElement.prototype.showPicker) return;
  const withTime = field.dataset.written === 'date-time';
  const calendar = document.createElement('input');
  calendar.type = withTime ? 'datetime-local' : 'date';
  calendar.className = 'date-calendar';
  calendar.tabIndex = -1;
  calendar.setAttribute('aria-hidden', 'true');
  button.after(calendar);
  button.hidden = false;
  button.addEventListener('click', () => {
    calendar.value = toCalendar(field.value, withTime);
    calendar.showPicker();
  });
  calendar.addEventListener('input', () => {
    field.value = fromCalendar(calendar.value);
    field.dispatchEvent(new Event('input', { bubbles: true }));
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
}
