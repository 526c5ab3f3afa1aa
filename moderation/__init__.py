"""A comment-spam moderation service that a publication runs itself."""
