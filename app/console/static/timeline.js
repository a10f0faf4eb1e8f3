// Draws what was counted month by month: filled where every day was, pale where days are missing, grey where nobody
// counted. The table of the page says the same; without this file it stands alone.
"use strict";

const WIDTH = 900;
const HEIGHT = 260;
const FULL = "#1f5f99";
const PALE = "#cfe3f3";
const GREY = "#f1f3f5";

function specification(months, words) {
  const values = months
    .filter((one) => one.state !== "before_first")
    .map((one) => ({
      month: one.month,
      count: one.value,
      top: one.value === null ? 1 : null,
      state: { complete: words.complete, partial: words.partial }[one.state] || words.missing,
      days: `${one.days_covered}/${one.days}`,
    }));
  const greatest = Math.max(1, ...values.map((one) => one.count || 0));
  for (const one of values) if (one.top !== null) one.top = greatest;
  const across = { field: "month", type: "ordinal", axis: { title: null, labelAngle: -45, labelOverlap: true } };
  const axis = { title: words.metric, format: ",~f", tickCount: 6 };
  const tooltip = ["month", "count", "state", "days"].map((field) => ({ field, type: "nominal" }));
  const bars = (state, mark) => ({
    transform: [{ filter: { field: "state", equal: state } }],
    mark: { type: "bar", ...mark },
    encoding: { x: across, y: { field: "count", type: "quantitative", axis }, tooltip },
  });
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: WIDTH,
    height: HEIGHT,
    autosize: { type: "fit", contains: "padding" },
    config: { font: "system-ui, sans-serif", axis: { labelFontSize: 12, titleFontSize: 12 }, view: { stroke: null } },
    data: { values },
    layer: [
      {
        transform: [{ filter: { field: "state", equal: words.missing } }],
        mark: { type: "bar", color: GREY },
        encoding: { x: across, y: { field: "top", type: "quantitative", axis }, tooltip },
      },
      bars(words.complete, { color: FULL }),
      bars(words.partial, { color: PALE, stroke: FULL, strokeDash: [4, 3], strokeWidth: 1 }),
    ],
  };
}

async function draw(figure) {
  const answer = await jsonAt(figure.dataset.timeline);
  const months = answer === null ? [] : answer.timeline;
  if (months.some((one) => one.value !== null)) await drawIn(figure, specification(months, figure.dataset));
}

for (const figure of document.querySelectorAll("figure[data-timeline]")) draw(figure);
