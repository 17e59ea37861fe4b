//! A whole service in this process, with real calls to it and an admin who is signed in at its console.

use std::net::Ipv4Addr;

use hotline::config::Config;
use hotline::event::CallId;
use hotline::phone::Phone;
use hotline::service::Service;
use hotline::store::{CallFilter, Role};
use reqwest::{Method, RequestBuilder};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::bed::{cookie, json as json_of};
use super::common::phone;

/// A service of its own with an admin who is signed in.
pub struct Running {
    pub service: Service,
    http: reqwest::Client,
    cookie: String,
    config: Config,
    folder: tempfile::TempDir,
}

impl Running {
    pub async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let loopback = (Ipv4Addr::LOCALHOST, 0).into();
        let mut config =
            Config { data_dir: folder.path().into(), http_bind: loopback, sip_bind: loopback, ..Config::default() };
        change(&mut config);
        let service = Service::start(config.clone()).await.expect("it starts");
        let link = service.sign_in_link().await.expect("a link");
        let token = link.split_once("token=").expect("a token").1.to_owned();
        let http = reqwest::Client::new();
        let session = http.post(format!("http://{}/api/v1/session", service.http)).header("x-hotline", "1");
        let reply = session.json(&json!({ "token": token })).send().await.expect("an answer");
        let cookie = cookie(&reply).expect("a cookie");
        Self { service, http, cookie, config, folder }
    }

    /// The same service after a stop; the session goes on.
    pub async fn restart(self) -> Self {
        self.restart_after("").await
    }

    /// The same, with its database changed behind its back meanwhile.
    pub async fn restart_after(self, sql: &str) -> Self {
        self.service.stop().await;
        if !sql.is_empty() {
            let address = format!("sqlite:{}", self.folder.path().join("hotline.db").display());
            let database = sea_orm::Database::connect(address).await.expect("the database is there");
            database.execute_unprepared(sql).await.expect("the database takes it");
            database.close().await.expect("it closes");
        }
        let service = Service::start(self.config.clone()).await.expect("it starts again");
        Self { service, ..self }
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.http.request(method, format!("http://{}{path}", self.service.http));
        let request = request.header("cookie", &self.cookie).header("x-hotline", "1").json(&body);
        let reply = request.send().await.expect("an answer");
        let status = reply.status();
        let body = json_of(reply).await;
        assert!(status.is_success(), "{path}: {status}: {body}");
        body
    }

    pub async fn get(&self, path: &str) -> Value {
        json_of(self.request(path).send().await.expect("an answer")).await
    }

    pub fn request(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("http://{}{path}", self.service.http)).header("cookie", &self.cookie)
    }

    pub async fn only_call(&self) -> CallId {
        let calls = self.service.tenant().calls(&CallFilter::default(), None, 2).await.expect("calls").items;
        assert_eq!(calls.len(), 1);
        calls[0].id
    }

    /// An agent's phone that is registered.
    pub async fn desk(&self) -> (Phone, sip::ua::Registration) {
        let anna = self.service.add_user("Anna", Role::Agent).await.expect("a user");
        let password = self.service.add_extension("101", anna.id).await.expect("an extension");
        let desk = phone().await;
        let registration =
            desk.register(&format!("sip:{}", self.service.sip), "101", &password).await.expect("registered");
        (desk, registration)
    }

    pub fn address(&self) -> String {
        format!("sip:100@{}", self.service.sip)
    }
}
