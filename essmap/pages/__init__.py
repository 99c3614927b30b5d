"""Layer `pages`: what a visitor sees. Streamlit only here and in `app.py`; pages read, they never build."""
