// Draws the months of the table: what is partial is paler, what nobody counted has no bar.
"use strict";

const place = document.getElementById("timeline");
const values = [...document.querySelectorAll("#months tr")].map((row) => ({
  month: `${row.dataset.month}-01`,
  value: row.dataset.value === undefined ? null : Number(row.dataset.value),
  state: row.dataset.state === "partial" ? place.dataset.partial : place.dataset.complete,
}));

const specification = {
  data: { values },
  width: 640,
  height: 180,
  background: "#fff",
  mark: { type: "bar", color: "#1f6f9f" },
  encoding: {
    x: { field: "month", type: "temporal", timeUnit: "utcyearmonth", title: null },
    y: { field: "value", type: "quantitative", title: place.dataset.title },
    opacity: {
      field: "state", type: "nominal", legend: { title: null, orient: "top" },
      scale: { domain: [place.dataset.complete, place.dataset.partial], range: [1, 0.45] },
    },
    tooltip: [{ field: "month", type: "temporal", format: "%Y-%m", title: "" }, { field: "value", type: "quantitative", title: place.dataset.title }],
  },
};

if (values.some((one) => one.value !== null)) {
  vegaEmbed(place, specification, { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } }).then(() => {
    const drawn = place.querySelector("svg");
    drawn.setAttribute("aria-hidden", "true");
  });
} else {
  place.remove();
}
