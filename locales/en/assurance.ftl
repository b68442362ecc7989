### assurance
