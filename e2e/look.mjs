// One page in one state as an image, for eyes: `node look.mjs PATH OUT.png [width] [theme] [lang] [print]`;
// CLIP=x,y,width,height cuts a part out.
import { newVisitor, startBrowser } from './harness/browser.mjs';

const [path, out, width = '1440', theme = 'light', lang = 'vi', media = 'screen'] = process.argv.slice(2);
const browser = await startBrowser();
const page = await newVisitor(browser, { address: process.env.LUYTRE_ADDRESS }, { width: Number(width), theme, lang });
await page.goto(path, { waitUntil: 'networkidle' });
if (media === 'print') await page.emulateMedia({ media: 'print' });
await page.evaluate(() => scrollTo(0, 0));
const [x, y, w, h] = (process.env.CLIP ?? '').split(',').map(Number);
await page.screenshot({ path: out, fullPage: true, ...(h ? { clip: { x, y, width: w, height: h } } : {}) });
for (const fault of page.faults) console.log(fault);
await browser.close();
