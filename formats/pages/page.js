/* page.js - what the page can do when scripts run: ask the charts, sort and search the tables.
 *
 * The page is whole without it, so everything that only works with it is made by it.  It reads the
 * JSON of the element `data` and the tables as they stand; it writes text, never markup, and asks
 * nothing of any network.  Sizes of parts made here are set on objects, which the page's policy
 * allows; it forbids style attributes.
 */
(function () {
	"use strict";

	const island = JSON.parse(document.getElementById("data").textContent);
	const say = (words) => island.words[words] || words;
	const group = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

	/* make - an element with properties and children */
	function make(name, properties, ...children) {
		const element = Object.assign(document.createElement(name), properties);
		element.append(...children);
		return element;
	}

	/* --- light and dark --- */

	const root = document.documentElement;
	const prefersDark = matchMedia("(prefers-color-scheme: dark)");
	const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
	const painters = []; /* what has to be drawn anew when the colours change */
	const switcher = make("button", { type: "button" });

	function paint() {
		switcher.textContent = say(isDark() ? "Light" : "Dark");
		for (const painter of painters)
			painter();
	}

	/* The choice is kept where the browser lets a file keep anything. */
	function remember(theme) {
		try {
			if (theme)
				localStorage.setItem("bouncemill-theme", theme);
			return localStorage.getItem("bouncemill-theme");
		} catch (refused) {
			return theme;
		}
	}

	function switchTheme(theme) {
		if (theme === "dark" || theme === "light")
			root.dataset.theme = theme;
		paint();
	}

	switcher.addEventListener("click", () => {
		const theme = isDark() ? "light" : "dark";
		remember(theme);
		switchTheme(theme);
	});
	prefersDark.addEventListener("change", paint);
	const printer = make("button", { type: "button", textContent: say("Print") });
	printer.addEventListener("click", () => print());
	document.getElementById("switches").append(printer, switcher);

	/* --- charts --- */

	const colourOf = (name) => {
		const probe = make("span");
		probe.style.color = "var(--" + name + ")";
		document.body.append(probe);
		const colour = getComputedStyle(probe).color;
		probe.remove();
		return colour;
	};

	/* seen - a colour that can be told from the ground: in the dark, deep ones are lightened */
	function seen(colour) {
		if (!isDark())
			return colour;
		const parts = [1, 3, 5].map((at) => parseInt(colour.substr(at, 2), 16));
		const light = (0.3 * parts[0] + 0.59 * parts[1] + 0.11 * parts[2]) / 255;
		const lift = light < 0.45 ? 0.45 - light : 0;
		return "rgb(" + parts.map((part) => Math.round(part + (255 - part) * lift * 1.2)) + ")";
	}

	const views = []; /* all charts over time: they show the same periods */
	const range = { from: 0, to: 0 };

	/* figures - how values of a chart are written */
	const figures = (model) => (value) => model.share ? (100 * value).toFixed(2) + " %" : group(value);

	/* options - of Chart.js, in the colours of the moment */
	function options(model, legend) {
		const ink = colourOf("ink"), quiet = colourOf("quiet"), edge = colourOf("edge");
		const write = figures(model);
		return {
			animation: false, maintainAspectRatio: false,
			interaction: { mode: "index", intersect: false },
			font: { family: getComputedStyle(document.body).fontFamily },
			scales: {
				x: { stacked: !model.line, ticks: { color: quiet, maxRotation: 0, autoSkipPadding: 20 }, grid: { display: false, borderColor: edge } },
				y: { stacked: !model.line, beginAtZero: !model.share, max: model.share ? 1 : undefined,
					ticks: { color: quiet, precision: model.share ? undefined : 0, maxTicksLimit: 6, callback: (value) => model.share ? Math.round(value * 1000) / 10 + " %" : group(value) }, grid: { color: edge, borderColor: edge } },
			},
			plugins: {
				legend: { display: legend, position: "bottom", labels: { color: ink, boxWidth: 11, boxHeight: 11 } },
				tooltip: {
					itemSort: (left, right) => right.datasetIndex - left.datasetIndex,
					filter: (item) => model.line || item.parsed.y > 0,
					callbacks: { label: (item) => item.dataset.label + ": " + write(item.parsed.y) },
				},
			},
		};
	}

	/* dataset - one series, cut to the periods in view */
	const dataset = (model, series, cut) => ({
		label: series.name, data: cut(series.values),
		backgroundColor: seen(series.colour), borderColor: seen(series.colour),
		borderWidth: model.line ? 2 : 0, pointRadius: model.labels.length > 60 ? 0 : 2,
		pointHitRadius: 8, tension: 0, categoryPercentage: 0.95, barPercentage: 0.95,
	});

	/* View - a chart in place of its picture; series() tells what to draw */
	function view(model, series) {
		const figure = document.getElementById("chart-" + model.name);
		const plot = figure.querySelector(".plot");
		const canvas = make("canvas");
		const frame = make("div", { className: model.share ? "canvas low" : "canvas" }, canvas);
		canvas.setAttribute("role", "img");
		canvas.setAttribute("aria-label", plot.querySelector("svg").getAttribute("aria-label"));
		plot.append(frame);
		figure.classList.add("live");
		const cut = (list) => model.periods ? list.slice(range.from, range.to + 1) : list;
		const data = () => ({ labels: cut(model.labels), datasets: series().map((one) => dataset(model, one, cut)) });
		const chart = new Chart(canvas, { type: model.line ? "line" : "bar", data: data(), options: options(model, series().length > 1) });
		const draw = () => {
			chart.data = data();
			chart.options = options(model, chart.data.datasets.length > 1);
			chart.update();
		};
		painters.push(draw);
		return { model, figure, canvas, frame, chart, draw };
	}

	/* dragging - choose periods by drawing over a chart */
	function dragging(one, choose) {
		const mark = make("div", { className: "chosen", hidden: true });
		const place = (event) => event.clientX - one.canvas.getBoundingClientRect().left;
		let start = null;
		one.frame.append(mark);
		one.canvas.addEventListener("pointerdown", (event) => { start = place(event); });
		one.canvas.addEventListener("pointermove", (event) => {
			if (start === null || !(event.buttons & 1)) {
				start = null;
				mark.hidden = true;
				return;
			}
			const now = place(event);
			mark.hidden = Math.abs(now - start) < 5;
			mark.style.left = Math.min(now, start) + "px";
			mark.style.width = Math.abs(now - start) + "px";
		});
		addEventListener("pointerup", (event) => {
			if (start !== null && !mark.hidden) {
				const ends = [start, place(event)].map((x) => one.chart.scales.x.getValueForPixel(x)).sort((a, b) => a - b);
				const last = range.to - range.from;
				choose(range.from + Math.max(0, ends[0]), range.from + Math.min(last, ends[1]));
			}
			start = null;
			mark.hidden = true;
		});
	}

	/* choice - a labelled list to choose from; what is chosen is its number */
	function choice(label, names, change) {
		const select = make("select", {}, ...names.map((name, i) => make("option", { value: i, textContent: name })));
		select.addEventListener("change", () => change(Number(select.value)));
		return { select, label: make("label", {}, label, select) };
	}

	/* --- the chart of failures: added up from the pivot as asked for --- */

	const asked = { by: 0, provider: 0, fault: 0, category: 0 }; /* 0 = all, else the number + 1 */
	const hues = ["#c0392b", "#1f618d", "#d9822b", "#117864", "#8e44ad", "#5dade2", "#6b7a1e", "#e67e73", "#34495e", "#b7950b", "#76448a", "#52be80", "#95a5a6"];

	const faultHues = ["#c0392b", "#1f618d", "#8e44ad", "#1e8449", "#95a5a6"];

	/* place - the series that a provider and category belong to: its number, name and colour */
	function place(pivot, provider, category, most) {
		const kind = pivot.categories[category];
		if (asked.by === 1)
			return [kind.fault, pivot.faults[kind.fault], faultHues[kind.fault % faultHues.length]];
		if (asked.by === 2)
			return [provider, pivot.providers[provider], hues[provider % hues.length]];
		return category < most ? [category, kind.name, kind.colour] : [most, say("other"), "#95a5a6"];
	}

	/* pivoted - the series for what was asked */
	function pivoted(model) {
		const pivot = island.pivot, most = asked.category || asked.provider ? 99 : 11;
		const series = new Map();
		for (const [provider, category, ...counts] of pivot.runs) {
			if ((asked.provider && asked.provider !== provider + 1) ||
				(asked.category && asked.category !== category + 1) ||
				(asked.fault && asked.fault !== pivot.categories[category].fault + 1))
				continue;
			const [number, name, colour] = place(pivot, provider, category, most);
			if (!series.has(number))
				series.set(number, { name, colour, values: new Array(model.labels.length).fill(0) });
			const values = series.get(number).values;
			counts.forEach((count, i) => { values[i] += count; });
		}
		return [...series.keys()].sort((a, b) => a - b).map((number) => series.get(number));
	}

	/* --- all charts --- */

	const shown = make("output");
	shown.setAttribute("aria-live", "polite");
	const bounds = []; /* the two lists of periods */

	function choose(from, to) {
		range.from = Math.min(from, to);
		range.to = Math.max(from, to);
		bounds.forEach((bound, i) => { bound.select.value = i ? range.to : range.from; });
		refresh();
	}

	function refresh() {
		for (const one of views)
			one.draw();
		const main = views.find((one) => one.sum);
		if (main)
			shown.textContent = group(main.sum()) + " " + say("failures in view");
	}

	/* controls - what to ask the chart of failures, and of which periods all charts are */
	function controls(one) {
		const bar = make("div", { className: "controls" });
		const labels = one.model.labels, all = [say("all")];
		const ask = (name) => (number) => { asked[name] = number; refresh(); };
		if (island.pivot) {
			const pivot = island.pivot;
			bar.append(
				choice(say("Stack by"), [say("category"), say("who can mend it"), say("provider")], ask("by")).label,
				choice(say("Category"), all.concat(pivot.categories.map((kind) => kind.name)), ask("category")).label,
				choice(say("Who can mend it"), all.concat(pivot.faults), ask("fault")).label,
				choice(say("Provider"), all.concat(pivot.providers), ask("provider")).label);
		}
		bounds.push(choice(say("From period"), labels, (from) => choose(from, range.to)));
		bounds.push(choice(say("To period"), labels, (to) => choose(range.from, to)));
		const whole = make("button", { type: "button", textContent: say("Whole time") });
		whole.addEventListener("click", () => choose(0, labels.length - 1));
		bar.append(bounds[0].label, bounds[1].label, whole);
		one.figure.querySelector("figcaption").append(shown);
		one.figure.querySelector("figcaption").after(bar);
	}

	function startCharts() {
		const periods = island.charts.find((model) => model.periods);
		if (periods)
			range.to = periods.labels.length - 1;
		for (const model of island.charts) {
			const main = model.name === "failures-over-time" && island.pivot;
			const one = view(model, main ? () => pivoted(model) : () => model.series);
			if (main)
				one.sum = () => one.chart.data.datasets.reduce((sum, set) => sum + set.data.reduce((a, b) => a + b, 0), 0);
			if (!model.periods)
				continue;
			views.push(one);
			one.canvas.title = say("Drag over the chart to look closer.");
			dragging(one, choose);
		}
		if (views.length > 0) {
			controls(views[0]);
			choose(range.from, range.to);
		}
	}

	/* --- tables --- */

	/* keyOf - what a cell is sorted by: its number, or its text */
	function keyOf(cell, number) {
		const text = cell.textContent;
		if (!number)
			return text;
		return text === "" ? -Infinity : parseFloat(text.replace(/[<, %]/g, ""));
	}

	/* sorted - rows by one column; what is empty comes last, equal rows stay in the table's order */
	function sorted(table, column, falling) {
		const number = table.head[column].classList.contains("n");
		const collator = new Intl.Collator(undefined, { numeric: true });
		const keyed = table.rows.map((row, i) => ({ row, i, key: keyOf(row.cells[column], number) }));
		const order = number ? (a, b) => a - b : (a, b) => collator.compare(a, b);
		keyed.sort((a, b) => {
			const blank = (b.key === "" || b.key === -Infinity) - (a.key === "" || a.key === -Infinity);
			return -blank || (falling ? order(b.key, a.key) : order(a.key, b.key)) || a.i - b.i;
		});
		return keyed.map((one) => one.row);
	}

	/* sortBy - show the rows by a column; the first time numbers fall and texts rise */
	function sortBy(table, column) {
		const head = table.head[column];
		const before = head.getAttribute("aria-sort");
		const falling = before === "none" ? head.classList.contains("n") : before === "ascending";
		for (const other of table.head)
			other.setAttribute("aria-sort", "none");
		head.setAttribute("aria-sort", falling ? "descending" : "ascending");
		table.body.append(...sorted(table, column, falling));
	}

	/* search - hide the rows that do not have all the words in them */
	function search(table) {
		const words = table.input.value.toLowerCase().split(/\s+/).filter(Boolean);
		let count = 0;
		table.rows.forEach((row, i) => {
			row.hidden = !words.every((word) => table.texts[i].includes(word));
			count += !row.hidden;
		});
		table.output.textContent = group(count) + " " + say("of") + " " + group(table.rows.length) + " " + say("rows shown");
	}

	/* tools - the search box and the count above a table */
	function tools(table, details) {
		const title = details.querySelector("h3").textContent;
		table.input = make("input", { type: "search", placeholder: say("Search in this table") });
		table.input.setAttribute("aria-label", say("Search in this table") + ": " + title);
		table.output = make("output");
		table.output.setAttribute("aria-live", "polite");
		table.input.addEventListener("input", () => search(table));
		details.querySelector(".scroll").before(make("div", { className: "tools" }, table.input, table.output));
		search(table);
	}

	/* live - make a table that is looked at for the first time sortable and searchable */
	function live(details) {
		if (details.table)
			return details.table;
		const element = details.querySelector("table");
		const table = { body: element.tBodies[0], head: [...element.tHead.rows[0].cells] };
		table.rows = [...table.body.rows];
		table.texts = table.rows.map((row) => [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase());
		table.head.forEach((head, column) => {
			const button = make("button", { type: "button" }, ...head.childNodes);
			head.append(button);
			head.setAttribute("aria-sort", "none");
			button.addEventListener("click", () => sortBy(table, column));
		});
		details.table = table;
		tools(table, details);
		return table;
	}

	/* look - open a table with words in its search box */
	function look(name, words) {
		const details = document.getElementById("table-" + name);
		const table = live(details);
		details.open = true;
		table.input.value = words;
		search(table);
		details.scrollIntoView();
		table.input.focus({ preventScroll: true });
	}

	function startTables() {
		for (const details of document.querySelectorAll("details.table"))
			details.addEventListener("toggle", () => details.open && live(details));
		for (const bars of document.querySelectorAll("table.bars"))
			for (const head of bars.querySelectorAll("tbody th")) {
				const name = head.textContent;
				const button = make("button", { type: "button", textContent: name, title: name + " \u2013 " + say("Show in table") });
				button.addEventListener("click", () => look(bars.dataset.table, name));
				head.replaceChildren(button);
			}
	}

	/* --- the whole --- */

	/* reveal - open what a link leads to */
	function reveal() {
		const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
		if (target && target.tagName === "DETAILS")
			target.open = true;
	}

	addEventListener("hashchange", reveal);
	document.addEventListener("click", (event) => {
		const link = event.target.closest("a[href^='#']");
		const target = link && document.getElementById(link.getAttribute("href").slice(1));
		if (target && target.tagName === "DETAILS")
			target.open = true;
	});
	addEventListener("beforeprint", () => {
		for (const details of document.querySelectorAll("details.cause"))
			details.open = true;
	});
	reveal();
	startTables();
	startCharts();
	switchTheme(remember());
})();
