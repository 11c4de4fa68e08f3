"""What customers are told: notices, templates, e-mail, SMS, reports."""
