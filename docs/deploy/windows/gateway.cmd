@echo off
rem Written by "openclaw gateway install".
chcp 65001 >nul
set "NODE_OPTIONS="
set "OPENCLAW_GATEWAY_PORT=18789"
set "OPENCLAW_SERVICE_MARKER=openclaw"
set "OPENCLAW_SERVICE_KIND=gateway"
cd /d "C:\Users\ada"
"C:\Program Files\nodejs\node.exe" "--env-file-if-exists=C:\Users\ada\.openclaw\gateway.service.env" "--max-semi-space-size=8" "C:\Users\ada\AppData\Roaming\npm\node_modules\openclaw\dist\openclaw.mjs" "gateway" "--port" "18789"
exit /b %errorlevel%
