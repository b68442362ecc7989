// A new name and a merger for a day to come: entered on the two forms, listed at each agency they concern, one of them revoked.
export const name = 'a new name and a merger are decided ahead, listed, and one is revoked';

const DAY = '01/07/2031';

export default async function journey({ visitor, check, accessible }) {
  const page = await visitor({ role: 'quantri' });
  await page.goto('/agencies?kind=commune');
  const found = await page
    .locator('main th a[href^="/agencies/"]')
    .evaluateAll((links) => links.map((link) => ({ href: link.getAttribute('href'), name: link.textContent.trim() })));
  check(found.length > 2, `${found.length} communes`);
  const [one, other] = found;
  const ahead = page.locator('section:has(#agency-ahead), #agency-ahead').first();
  const items = page.locator('main li', { hasText: DAY });
  const send = async () => {
    await page.locator('main form:has(#basis) button[type=submit]').click();
  };

  // A new name. Without the document it is refused at the field, and what was typed stands.
  await page.goto(`${one.href}/edit`);
  await page.locator('#name').fill(`${one.name} Mới`);
  await page.locator('#since').fill(DAY);
  await send();
  await page.locator('#basis-error').waitFor();
  check((await page.locator('#since').inputValue()) === DAY, 'the day is lost');
  await page.locator('#basis').fill('Nghị quyết 7/NQ-HĐND');
  await send();
  await page.locator('.flash').first().waitFor();
  await items.filter({ hasText: `${one.name} Mới` }).waitFor();
  check((await page.locator('main li', { hasText: 'chưa đến ngày' }).count()) === 1, 'it does not say that its day has not come');
  check((await page.locator('h1').innerText()).includes(one.name) && !(await page.locator('h1').innerText()).includes('Mới'), 'it is named before its day');
  await accessible(page, 'an agency with a name to come');

  // A merger of the other one into it, listed at both.
  const fillMerger = async (from, into) => {
    await page.goto(`${from.href}/become`);
    await page.locator('#into').selectOption(into.href.split('/').pop());
    await page.locator('#at').fill(DAY);
    await page.locator('#basis').fill('Nghị quyết 8/NQ-HĐND');
    await send();
  };
  await fillMerger(other, one);
  await page.locator('.flash').first().waitFor();
  const merger = items.filter({ hasText: 'Nghị quyết 8/NQ-HĐND' });
  for (const agency of [one, other]) {
    await page.goto(agency.href);
    await merger.waitFor();
    check(await ahead.isVisible(), `${agency.name} lists nothing`);
  }
  await page.goto(one.href);
  check((await items.count()) === 2, 'the successor lists not both');

  // The way back on the same day is a circle: it is refused with the reason, and nothing is entered.
  await fillMerger(one, other);
  await page.locator('.error-summary').waitFor();
  await accessible(page, 'a merger that is refused');
  await page.goto(one.href);
  check((await items.count()) === 2, 'what was refused is listed');

  // Revoked, it is gone from both; the name stays.
  await merger.locator('form[action$="/revoke"] button').click();
  await page.locator('.flash').first().waitFor();
  for (const agency of [one, other]) {
    await page.goto(agency.href);
    check((await merger.count()) === 0, `${agency.name} lists what was revoked`);
  }
  await page.goto(one.href);
  check((await items.count()) === 1, 'the new name went with the merger');
  await items.locator('form[action$="/revoke"] button').click();
  await page.locator('.flash').first().waitFor();
  check((await items.count()) === 0, 'nothing is left of it');
}
