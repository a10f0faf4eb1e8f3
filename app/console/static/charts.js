// Draws charts from their specifications; the picture stays where that fails.
"use strict";

const OPTIONS = { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };

async function draw(figure) {
  const answer = await fetch(figure.dataset.chart, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const place = document.createElement("div");
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", figure.dataset.label);
  const picture = figure.querySelector("img");
  figure.insertBefore(place, picture);
  try {
    await vegaEmbed(place, await answer.json(), OPTIONS);
  } catch (error) {
    place.remove();
    return;
  }
  const drawn = place.querySelector("svg");
  drawn.setAttribute("aria-hidden", "true");
  if (!drawn.hasAttribute("viewBox")) drawn.setAttribute("viewBox", `0 0 ${drawn.getAttribute("width")} ${drawn.getAttribute("height")}`);
  picture.remove();
}

for (const figure of document.querySelectorAll("figure[data-chart]")) draw(figure);
