"""The trainer: from an uploaded file to a trained model, usable without the web application."""
