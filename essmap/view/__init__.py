"""Layer `view`: tables in, maps, charts and HTML out; no Streamlit here, and folium only here."""
