// Begins the reference; its search would need a worker from a blob, which pages may not have.
const page = document.getElementById("page");
Redoc.init(page.dataset.document, { disableSearch: true }, page);
