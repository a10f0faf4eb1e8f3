// What pages do beyond their HTML. Each part looks for the elements that it serves; without this file pages work, too.
"use strict";

// After a refusal the summary is read first.
document.getElementById("refused")?.focus();

// A link that is called a button is pressed by the space bar, too, as buttons are.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});
