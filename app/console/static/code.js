// A link carries its code behind #, which browsers send to no server, so that no log of a server or a proxy has it.
const code = location.hash.slice(1);
if (code) {
  document.querySelector("input[name=code]").value = code;
  history.replaceState(null, "", location.pathname);
}
