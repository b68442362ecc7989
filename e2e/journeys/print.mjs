// On paper: what a list was narrowed to stands there in words, and nothing asks to be filled in.
export const name = 'a printed list says what it was narrowed to and shows no form for something new';

export default async function journey({ visitor, check }) {
  const page = await visitor({ role: 'quantri' });
  await page.emulateMedia({ media: 'print' });
  const visible = async (selector) => {
    const shown = await page.locator(selector).evaluateAll((all) => all.filter((one) => one.checkVisibility()).map((one) => one.innerText));
    return shown.map((text) => text.trim());
  };
  await page.goto('/agencies?kind=department');
  check((await visible('main form.filters')).length === 0, 'the filters ask to be filled in');
  const chips = await visible('.chip');
  check(chips.length === 1 && chips[0].includes('Sở'), `the filter in use is not told: ${chips}`);
  await page.goto('/experts?when=night');
  const tabs = await visible('.tabs a');
  check(tabs.length === 1 && tabs[0].includes('đêm'), `the chosen tab is not told: ${tabs}`);
  for (const path of ['/elevations', '/roster', '/experts', '/people', '/me']) {
    await page.goto(path);
    check((await visible('main form')).length === 0, `${path} prints a form`);
  }
}
