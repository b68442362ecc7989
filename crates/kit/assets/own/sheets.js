// Lets a form take a table from a file. What is chosen goes into the field `file` as base64url, so that the form is
// sent as every other, with its proof; whether it is a workbook or text is for the server to see.

function encoded(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => {
      const [, letters] = reader.result.split(',');
      resolve((letters ?? '').replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''));
    });
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

/** Shows the field for a file; while one is chosen, nothing is pasted. `data-sheet` is the most bytes of a file,
 * `data-accept` says which files where not tables. */
export function takeSheet(place) {
  const input = place.querySelector('input[type=file]');
  const refused = place.querySelector('[data-sheet-refused]');
  const { file, sheet } = input.form.elements;
  const button = input.form.querySelector('button[type=submit]');
  async function take() {
    const [chosen] = input.files;
    const fits = !chosen || chosen.size <= Number(place.dataset.sheet);
    refused.hidden = fits;
    file.value = '';
    button.disabled = true;
    try {
      if (chosen && fits) file.value = await encoded(chosen);
    } catch {
      // Taken away since it was chosen.
      input.value = '';
    }
    button.disabled = false;
    // A form of files alone has no field to paste into.
    if (sheet) sheet.disabled = file.value !== '';
  }
  input.accept = place.dataset.accept ?? '.xlsx,.csv,.txt';
  place.hidden = false;
  input.addEventListener('change', take);
  // A page that comes back may still have its file.
  if (input.files.length > 0) take();
}
