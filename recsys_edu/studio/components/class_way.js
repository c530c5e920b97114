// A way to another page of the studio, on request or at once. The page is loaded anew: a link means all that it says.

let gone = ""; // where this page is going already

export default latest(({ parentElement, data }) => {
  const { href, said, go, at_once } = data;
  const root = parentElement.querySelector(".class-way");
  root.querySelector("span").textContent = said;
  const link = root.querySelector("a");
  link.textContent = go;
  link.setAttribute("href", href);
  link.setAttribute("target", "_self");
  if (at_once && gone !== href) {
    gone = href;
    window.location.assign(href);
  }
});
