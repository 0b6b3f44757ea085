// The faces that were found in a photo, outlined; of several one is picked.

/** Outlines over the photo; `choose` is called with the index of another face. */
export function showFaces(layer, image, chosen, choose) {
  const several = image.faces.length > 1;
  const percent = (value, whole) => `${(100 * value) / whole}%`;
  const outlines = image.faces.map((face, index) => {
    const [x, y, width, height] = face.box;
    const outline = document.createElement(several ? "button" : "div");
    outline.className = "face";
    Object.assign(outline.style, {
      left: percent(x, image.width),
      top: percent(y, image.height),
      width: percent(width, image.width),
      height: percent(height, image.height),
    });
    if (several) {
      outline.type = "button";
      outline.setAttribute("aria-label", `Face ${index + 1} of ${image.faces.length}`);
      outline.setAttribute("aria-pressed", String(index === chosen));
      outline.addEventListener("click", () => {
        if (index !== chosen) choose(index);
      });
    }
    outline.classList.toggle("chosen", index === chosen);
    return outline;
  });
  layer.replaceChildren(...outlines);
  layer.parentElement.classList.toggle("several", several);
}
