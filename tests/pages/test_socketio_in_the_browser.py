"""The feed for programs with the JavaScript client as it is: no option of ours beside the token."""

from __future__ import annotations

import httpx

from tests.conftest import OpenPage
from tests.servers import Server

FOLLOW = """([token, job]) => new Promise((resolve, reject) => {
  const socket = io({auth: {token}, forceNew: true});
  const numbers = [];
  socket.on('connect', () => socket.emit('subscribe_job', job));
  socket.on('connect_error', error => reject(error));
  socket.on('job_update', status => {
    numbers.push(...status.events.map(event => event.n));
    if (status.status === 'COMPLETED') { socket.disconnect(); resolve({numbers, last: status.last_event}); }
  });
})"""
REFUSED = """auth => new Promise(resolve => {
  const socket = io({auth, forceNew: true, reconnection: false});
  socket.on('connect_error', error => { socket.disconnect(); resolve(error.message); });
})"""


def test_a_plain_client_follows_a_run_and_is_refused_in_words(open_page: OpenPage, server: Server, token: str) -> None:
    page = open_page("/runs", token)
    headers = {"Authorization": f"Bearer {token}"}
    request = {"epochs": 5, "batch_size": 16, "lr": 0.01}
    job_id = httpx.post(f"{server.url}/api/training", json=request, headers=headers, timeout=60).json()["job_id"]
    told = page.evaluate(FOLLOW, [token, job_id])
    assert told["numbers"] == list(range(1, told["last"] + 1))
    assert page.evaluate(REFUSED, {}) == "Authentication error: No token provided"
    assert page.evaluate(REFUSED, {"token": "forged"}) == "Authentication error: Invalid token"
