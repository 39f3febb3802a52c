/* browse_page.mjs - the page in a browser: node browse_page.mjs FOLDER, run by run_browser.sh.
 *
 * FOLDER holds en.html, zh.html, the CSV of the same run in csv/, and node_modules with playwright-core
 * and axe-core.  Asks the charts, sorts, searches, by mouse and by keyboard, and compares with the CSV;
 * no request, no complaint of the console, nothing that axe finds, in light and dark, wide and narrow,
 * with and without scripts.  Prints what is wrong, exit 1. */
import fs from "fs";
import { createRequire } from "module";
import path from "path";
import { pathToFileURL } from "url";

const folder = path.resolve(process.argv[2]);
const require = createRequire(folder + "/");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browserPath = process.env.CHROMIUM || "/usr/bin/chromium";
let bad = 0, checks = 0;

function want(what, have, wanted) {
	checks++;
	if (JSON.stringify(have) === JSON.stringify(wanted))
		return;
	bad++;
	console.log(`browser: ${what}: ${JSON.stringify(have)}, want ${JSON.stringify(wanted)}`);
}

/* The sample has no quotes in these tables. */
function table(name) {
	const [head, ...rows] = fs.readFileSync(`${folder}/csv/${name}.csv`, "utf8").trim().split("\n").map((line) => line.split(","));
	return rows.map((row) => Object.fromEntries(head.map((column, i) => [column, row[i]])));
}
const failures = (row) => Number(row.bounced) + Number(row.expired);
const sum = (rows) => rows.reduce((all, row) => all + failures(row), 0);

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });

async function open(name, options) {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
	const page = await context.newPage();
	page.setDefaultTimeout(20000);
	const url = pathToFileURL(`${folder}/${name}`).href;
	page.on("console", (message) => want(`${name}: the console`, message.text(), ""));
	page.on("pageerror", (error) => want(`${name}: an error`, error.message, ""));
	page.on("request", (request) => request.url() === url || want(`${name}: a request`, request.url(), ""));
	await page.goto(url);
	return page;
}

const inView = async (page) => Number((await page.locator("figcaption output").textContent()).replace(/\D/g, ""));

async function askCharts(page) {
	const trend = table("trend"), periods = table("totals").map((row) => row.period);
	const all = sum(trend), provider = table("providers").sort((a, b) => failures(b) - failures(a))[0];
	const select = (label) => page.getByRole("combobox", { name: label, exact: true });
	want("failures of all", await inView(page), all);
	await select("Provider").selectOption(provider.provider);
	want("failures of one provider", await inView(page), failures(provider));
	await select("Provider").selectOption("all");
	await select("Category").selectOption("bad-mailbox");
	want("failures of one category", await inView(page), sum(trend.filter((row) => row.category === "bad-mailbox")));
	await select("Category").selectOption("all");
	await select("Who can mend it").selectOption({ index: 1 });
	want("failures of one fault", await inView(page), sum(trend.filter((row) => row.fault === "recipient")));
	await select("Who can mend it").selectOption("all");
	for (const by of ["who can mend it", "provider", "category"]) {
		await select("Stack by").selectOption(by);
		want(`failures by ${by}`, await inView(page), all);
	}
	const from = periods[Math.floor(periods.length / 2)];
	await select("From period").selectOption(from);
	want("failures of the second half", await inView(page), sum(trend.filter((row) => row.period >= from)));
	await page.getByRole("button", { name: "Whole time" }).click();
	want("failures of the whole time", await inView(page), all);
	await drag(page, trend, all);
}

async function drag(page, trend, all) {
	const canvas = page.locator("#chart-failures-over-time canvas");
	await canvas.scrollIntoViewIfNeeded();
	const box = await canvas.boundingBox();
	await page.mouse.move(box.x + box.width / 2, box.y + 80);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.6, box.y + 90, { steps: 4 });
	await page.mouse.move(box.x + box.width * 0.75, box.y + 90, { steps: 4 });
	await page.mouse.up();
	const value = async (label) => page.getByRole("combobox", { name: label, exact: true }).evaluate((list) => list.selectedOptions[0].textContent);
	const [from, to] = [await value("From period"), await value("To period")];
	want("dragging looks closer", (await inView(page)) < all, true);
	want("failures of what was dragged over", await inView(page), sum(trend.filter((row) => row.period >= from && row.period <= to)));
	await page.getByRole("button", { name: "Whole time" }).click();
}

async function useTables(page) {
	const domains = table("domains"), section = page.locator("#table-domains");
	const visible = () => section.locator("tbody tr:visible").count();
	await page.locator("figcaption a[href='#table-domains']").click();
	want("a link opens its table", await section.evaluate((details) => details.open), true);
	await section.getByRole("searchbox").fill("MAIL bad-mailbox");
	const hits = domains.filter((row) => /mail/.test(Object.values(row).join(" ")) && row.top_category === "bad-mailbox").length;
	want("rows found", await visible(), hits);
	want("the count says so", (await section.getByRole("status").textContent()).startsWith(`${hits} of ${domains.length} `), true);
	await section.getByRole("searchbox").fill("");
	want("all rows again", await visible(), domains.length);
	const head = section.locator("th[data-name=deferred]"), cells = () => section.locator("tbody tr td:nth-child(7)").allTextContents();
	const deferred = domains.map((row) => Number(row.deferred)).sort((a, b) => b - a);
	await head.getByRole("button").click();
	want("sorted by click", (await cells()).map((text) => Number(text.replace(/,/g, ""))), deferred);
	want("and it says so", await head.getAttribute("aria-sort"), "descending");
	await head.getByRole("button").focus();
	await page.keyboard.press("Enter");
	want("sorted by key", (await cells()).map((text) => Number(text.replace(/,/g, ""))), [...deferred].reverse());
	want("and says that", await head.getAttribute("aria-sort"), "ascending");
	const bar = page.locator("#chart-worst-domains tbody button").first();
	const name = await bar.textContent();
	await bar.click();
	want("a bar leads to its row", await section.getByRole("searchbox").inputValue(), name);
	want("of the worst domain", name, domains[0].domain);
}

async function judged(page, what) {
	await page.evaluate(() => { /* rows are alike: a few of each table will do */
		for (const details of document.querySelectorAll("details"))
			details.open = true;
		for (const row of document.querySelectorAll(".data tbody tr:nth-child(n + 4)"))
			row.remove();
	});
	await page.waitForFunction(() => document.querySelectorAll("details.table").length === document.querySelectorAll(".tools").length);
	await page.evaluate(axe);
	const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
	want(`${what}: axe`, found.violations.map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`), []);
	await page.setViewportSize({ width: 400, height: 800 });
	want(`${what}: at 400 px the page does not scroll sideways`, await page.evaluate(() => document.documentElement.scrollWidth <= 400), true);
}

const page = await open("en.html", { colorScheme: "light" });
await askCharts(page);
await useTables(page);
await page.keyboard.press("Escape");
await page.getByRole("button", { name: "Dark" }).click();
want("the switch", await page.evaluate(() => document.documentElement.dataset.theme), "dark");
await page.close();

for (const name of ["en.html", "zh.html"])
	for (const colorScheme of ["light", "dark"])
		await judged(await open(name, { colorScheme }), `${name}, ${colorScheme}`);

const bare = await open("en.html", { javaScriptEnabled: false });
want("without scripts a picture shows", await bare.locator("#chart-failures-over-time svg").first().isVisible(), true);
want("and no dead control", await bare.locator("button, input, select").count(), 0);
const printed = await open("en.html", {});
await printed.emulateMedia({ media: "print" });
want("in print the picture shows", await printed.locator("#chart-failures-over-time .plot > svg").isVisible(), true);
want("and no canvas", await printed.locator("canvas:visible").count(), 0);
await browser.close();
if (bad === 0)
	console.log(`browser: all ${checks} checks passed`);
process.exit(bad ? 1 : 0);
