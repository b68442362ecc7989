// What the server tells the scripts: language, texts, addresses, its time.
const block = document.getElementById('settings');
export const settings = block ? JSON.parse(block.textContent) : { lang: 'vi', texts: {}, now: Date.now() };

const offset = settings.now - Date.now();

/** The server's time in milliseconds; the clock of a browser may be wrong. */
export function serverNow() {
  return Date.now() + offset;
}

/** The text under `key` with `{name}` replaced. */
export function text(key, variables = {}) {
  let words = settings.texts[key] ?? key;
  for (const [name, value] of Object.entries(variables)) words = words.replaceAll(`{${name}}`, value);
  return words;
}
