// Draws a Vega-Lite chart below a policy that allows neither eval nor styles within a page.
"use strict";

const OPTIONS = { ast: true, actions: false, defaultStyle: false, renderer: "svg", tooltip: { disableDefaultStyle: true } };

// Returns whether it was drawn: in front of an element of the figure, or at its end.
async function drawIn(figure, specification, before = null) {
  const place = document.createElement("div");
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", figure.dataset.label);
  figure.insertBefore(place, before);
  try {
    await vegaEmbed(place, specification, OPTIONS);
  } catch (error) {
    place.remove();
    return false;
  }
  const drawn = place.querySelector("svg");
  drawn.setAttribute("aria-hidden", "true");
  if (!drawn.hasAttribute("viewBox")) drawn.setAttribute("viewBox", `0 0 ${drawn.getAttribute("width")} ${drawn.getAttribute("height")}`);
  return true;
}

async function jsonAt(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}
