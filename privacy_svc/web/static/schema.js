// Nothing is sent anywhere but to this service: no validator, no token is kept after the page is closed.
SwaggerUIBundle({
  url: "/schema/openapi.json",
  dom_id: "#reference",
  validatorUrl: null,
  deepLinking: true,
  persistAuthorization: false,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
});
