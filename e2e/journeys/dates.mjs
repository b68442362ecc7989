// Days are day/month/year whatever the language of the browser: typed, chosen on a calendar, or sent without scripts.
export const name = 'a date is read and shown as day/month/year, with and without a calendar';

const FORM = '/incidents/new';
const SHOWN = /^\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}$/;

export default async function journey({ visitor, check, accessible }) {
  const page = await visitor({ role: 'ungcuu' });
  await page.goto(FORM);
  const field = page.locator('#detected');
  check(SHOWN.test(await field.inputValue()), `shown as ${await field.inputValue()}`);
  check((await page.locator('main input[type=date], main input:not(.date-calendar)[type=datetime-local]').count()) === 0, 'a field of the browser');

  // What the calendar chooses stands in the field as it is said.
  await page.locator('[data-calendar=detected]').waitFor();
  await page.locator('.date-field:has(#detected) .date-calendar').evaluate((calendar) => {
    calendar.value = '2026-02-03T04:05';
    calendar.dispatchEvent(new Event('input', { bubbles: true }));
  });
  check((await field.inputValue()) === '03/02/2026 04:05', `chosen: ${await field.inputValue()}`);
  await accessible(page, 'a form with dates');

  // Month before day is refused at the field, and what was typed stands.
  await page.locator('#title').fill('Sai ngày');
  await page.locator('#agency_id').selectOption({ index: 3 });
  await field.fill('02/23/2026 04:05');
  await page.locator('main form button[type=submit]').click();
  await page.locator('#detected-error').waitFor();
  check((await field.inputValue()) === '02/23/2026 04:05', 'what was typed is lost');
  check((await page.locator('.error-summary a[href="#detected"]').count()) === 1, 'the summary does not lead to the field');

  const plain = await visitor({ role: 'ungcuu', scripts: false });
  await plain.goto(FORM);
  check(await plain.locator('[data-calendar=detected]').isHidden(), 'a button that nothing hears');
  await plain.locator('#title').fill('Ngày theo ISO');
  await plain.locator('#agency_id').selectOption({ index: 3 });
  await plain.locator('#detected').fill('2026-02-03T04:05');
  await plain.locator('main form button[type=submit]').click();
  await plain.waitForURL((url) => /^\/incidents\/[^/]+$/.test(url.pathname) && url.pathname !== FORM);
  check((await plain.locator('main').innerText()).includes('03/02/2026'), 'the day is not shown as it is said');
}
