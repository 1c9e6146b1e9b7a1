"""The app in a real browser: what a person sees, keeps and can reach."""
