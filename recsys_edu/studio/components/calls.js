// How Streamlit calls a component: at each rerun, with what the script said; and the function that this returns once the
// place on the page is gone. Where two reruns follow each other closely, the call for the older one may come last; it is
// then ended at once, with the place still there.

// What Streamlit calls, made of update(component) and of end(place).
function latest(update, end = () => {}) {
  const shown = new WeakMap();
  const show = (component) => {
    shown.set(component.parentElement, component);
    update(component);
  };
  return (component) => {
    const place = component.parentElement;
    const before = shown.get(place);
    show(component);
    return () => {
      if (!place.isConnected) end(place);
      else if (before && shown.get(place) === component) show(before); // it was newer than this one
    };
  };
}

// For a component of class `Kind`: one instance for each place, made once, updated at every call, destroyed with it.
function mounting(Kind, expose) {
  const instances = new WeakMap();
  const end = (place) => {
    instances.get(place)?.destroy();
    instances.delete(place);
  };
  return latest((component) => {
    const place = component.parentElement;
    if (!instances.get(place)?.root.isConnected) {
      end(place);
      instances.set(place, new Kind(place));
      expose(instances.get(place));
    }
    instances.get(place).update(component);
  }, end);
}
