// What is to be copied: a path becomes the whole link of this service, and a button copies it.
"use strict";

for (const secret of document.querySelectorAll("[data-copy]")) {
  if ("path" in secret.dataset) {
    secret.textContent = location.origin + secret.textContent;
    document.getElementById("path").hidden = true;
  }
  if (navigator.clipboard) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "secondary";
    button.textContent = secret.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(secret.textContent);
      button.textContent = secret.dataset.copied;
    });
    secret.after(button);
  }
}
