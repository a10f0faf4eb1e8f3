// What pages do beyond their HTML. Each part looks for the elements that it serves; without this file pages work, too.
"use strict";

// After a refusal the summary is read first.
document.getElementById("refused")?.focus();
