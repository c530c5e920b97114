// The map of the Train page as Streamlit mounts it.
export default mounting(FilmMap, expose);
