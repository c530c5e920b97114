// An element with its text, put into its parent. What comes from outside is text, never HTML.
function element(kind, className, text, parent) {
  const node = document.createElement(kind);
  node.className = className;
  node.textContent = text;
  parent?.append(node);
  return node;
}
