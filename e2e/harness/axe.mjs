// Accessibility by axe-core: WCAG 2.2 A and AA and best practice.
import fs from 'node:fs';
import { createRequire } from 'node:module';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Findings as `[{ id, impact, help, places }]`. */
export async function findings(page) {
  await page.evaluate(source);
  // What lies under the sticky head just now is no finding.
  await page.evaluate(() => window.scrollTo(0, 0));
  const result = await page.evaluate((tags) => window.axe.run(document, { runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }), TAGS);
  return result.violations.map(({ id, impact, help, nodes }) => ({
    id,
    impact,
    help,
    places: nodes.map((node) => `${node.target.join(' ')}${node.any?.[0]?.message ? ` — ${node.any[0].message}` : ''}`),
  }));
}

export const isSerious = (finding) => finding.impact === 'serious' || finding.impact === 'critical';

export function describe(finding) {
  return `axe ${finding.impact} ${finding.id}: ${finding.help}\n      ${finding.places.slice(0, 5).join('\n      ')}`;
}
