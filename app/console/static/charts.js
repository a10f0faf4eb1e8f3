// Draws charts from their specifications; the picture stays where that fails.
"use strict";

async function draw(figure) {
  const specification = await jsonAt(figure.dataset.chart);
  const picture = figure.querySelector("img");
  if (specification !== null && await drawIn(figure, specification, picture)) picture.remove();
}

for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
