//! The limits to compare with: actix-web handlers that answer the same body and do nothing else, `/auth/me` after
//! verifying the same kind of token, `/open` without looking at it.
//!
//! `countersign-bench-bare LISTEN JWK ISSUER AUDIENCE BODY`

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

struct Expected {
    key: DecodingKey,
    validation: Validation,
    body: String,
}

async fn me(request: HttpRequest, expected: web::Data<Expected>) -> HttpResponse {
    let token = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let verified = token.is_some_and(|token| {
        jsonwebtoken::decode::<serde_json::Value>(token, &expected.key, &expected.validation).is_ok()
    });
    if verified {
        HttpResponse::Ok().content_type("application/json").body(expected.body.clone())
    } else {
        HttpResponse::Unauthorized().finish()
    }
}

async fn open(expected: web::Data<Expected>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(expected.body.clone())
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().finish()
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listen, jwk, issuer, audience, body] = arguments.as_slice() else {
        anyhow::bail!("usage: countersign-bench-bare LISTEN JWK ISSUER AUDIENCE BODY");
    };
    let jwk: Jwk = serde_json::from_str(jwk).context("the JWK")?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    let expected = web::Data::new(Expected { key: DecodingKey::from_jwk(&jwk)?, validation, body: body.clone() });
    HttpServer::new(move || {
        App::new()
            .app_data(expected.clone())
            .route("/auth/me", web::get().to(me))
            .route("/open", web::get().to(open))
            .route("/health/live", web::get().to(live))
    })
    .bind(listen)?
    .run()
    .await?;
    Ok(())
}
