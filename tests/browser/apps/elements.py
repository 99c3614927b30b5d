"""One of each element of Streamlit, with French labels; STOCK=1 leaves our server pieces out."""

import os
import threading

import altair as alt
import folium
import pandas as pd
import streamlit as st
from PIL import Image
from streamlit_folium import st_folium

from essmap.pages import server
from essmap.view import assets

SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>'


def choices():
    """Widgets to choose with."""
    st.selectbox("Commune", ["Muret", "Revel", "Stop"], index=None, help="Aide courte")
    st.selectbox("Canton", ["Muret", "Revel"])
    st.selectbox("Ville libre", ["Muret"], index=None, accept_new_options=True)
    st.multiselect("Axes", ["inclusion", "insertion", "mobile"], default=["inclusion"], max_selections=2)
    st.multiselect("Domaines", ["inclusion", "insertion"])
    st.multiselect("Sans choix", [])
    st.pills("Pilules", ["un", "deux"])
    st.segmented_control("Segments", ["un", "deux"])
    st.toggle("Bascule")
    st.checkbox("Case")
    st.radio("Vue", ["carte", "liste"])
    st.slider("Distance", 0, 10, (2, 5))


def fields():
    """Widgets to type in, files."""
    st.text_input("Texte", max_chars=20)
    st.text_area("Zone")
    st.number_input("Nombre", 0, 10, value=None)
    with st.form("formulaire"):
        st.text_input("Dans le formulaire")
        st.form_submit_button("Envoyer")
    st.file_uploader("Fichiers", type=["csv"], accept_multiple_files=True)
    st.file_uploader("Fichier seul")


@st.dialog("Fiche")
def card():
    """A dialog."""
    st.write("Dans la fiche")


def actions():
    """Buttons and what they open."""
    st.download_button("Exporter", b"x", "x.txt")
    st.link_button("Lien externe", "https://example.org")
    st.page_link(SECOND, label="Vers la carte")
    if st.button("Ouvrir la fiche"):
        card()
    if st.button("Prévenir"):
        st.toast("Prévenu")
    if st.button("Casser"):
        raise ValueError("secret interne")
    if st.button("Attendre"):
        with st.spinner("Attente"):
            threading.Event().wait(1.5)
    with st.popover("Bulle"):
        st.write("Dans la bulle")
    with st.expander("Volet"):
        st.write("Dans le volet")
    first, _ = st.tabs(["Premier", "Second"])
    first.write("Dans le premier")


def shown():
    """Figures, tables, charts, and words of our own that look like the framework's."""
    st.header("Un titre", help="Aide du titre")
    st.metric("Structures", 42, 2)
    st.progress(50, "Avancement du calcul")
    with st.status("Suivi"):
        st.write("Fait")
    st.code("essmap build")
    st.table(pd.DataFrame({"commune": ["Muret"], "structures": [3]}))
    st.pagination(20)
    st.image(SQUARE, caption="Légende")
    data = pd.DataFrame({"canton": ["Muret", "Revel"], "taux": [3.5, 4.5]})
    chart = alt.Chart(data).mark_bar().encode(x="canton", y="taux", color="canton", tooltip=["canton", "taux"])
    st.altair_chart(chart)
    st.markdown("Stop")
    st.html("<ul class='essmap' aria-label='Help'><li>Close</li></ul>")


def first_page():
    """Everything but the map."""
    st.title("Éléments")
    st.sidebar.write("Côté")
    choices()
    fields()
    actions()
    shown()


def second_page():
    """A map with Leaflet from our own server."""
    st.title("Carte")
    leaflet = assets.leaflet_assets()
    folium.Map.default_js = [("leaflet", assets.from_component(leaflet["leaflet.js"]))]
    folium.Map.default_css = [("leaflet", assets.from_component(leaflet["leaflet.css"]))]
    groups = folium.FeatureGroup()
    groups.add_child(folium.CircleMarker([43.46, 1.33]))
    st_folium(
        folium.Map([43.6, 1.4], tiles=None),
        key="carte",
        height=300,
        returned_objects=[],
        feature_group_to_add=groups,
    )


SECOND = st.Page(second_page, title="Carte", url_path="carte")


def run():
    """Run the chosen page."""
    st.set_page_config(
        page_title="Éléments", page_icon=Image.new("RGB", (16, 16), "#00558c"), initial_sidebar_state="expanded"
    )
    st.navigation([st.Page(first_page, title="Éléments", default=True), SECOND], position="top").run()


if server.is_script_run():
    run()
elif os.environ.get("STOCK"):
    app = st.App(__file__)
else:
    app = st.App(
        __file__,
        middleware=server.middleware(site_title="Éléments"),
        on_script_error=server.error_handler(contact="ess@example.org"),
    )
