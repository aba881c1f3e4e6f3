"""The library behind the pages. It knows no Streamlit."""
