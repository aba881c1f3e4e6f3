// One deed of the visitor makes one entry in the browser's history. Streamlit makes one for each change of the link, also
// for what a page writes into it as it opens: then Back needs a press more for each.
if (!window.deedsMakeEntries) {
  window.deedsMakeEntries = true;
  const push = history.pushState.bind(history);
  let acted = false;
  for (const deed of ["pointerdown", "keydown"]) addEventListener(deed, () => (acted = true), true);
  history.pushState = (...entry) => {
    if (acted) push(...entry);
    else history.replaceState(...entry);
    acted = false;
  };
}
